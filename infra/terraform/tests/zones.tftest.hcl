# The zones of new VPCs. In a file of its own, because subnets that exist keep their zones.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  functions_dir = "tests/functions"
}

run "the_zones_named_are_used" {
  command = apply

  variables {
    zones      = ["eu-west-1c", "eu-west-1a", "eu-west-1b"]
    long_steps = { image = "public.ecr.aws/tasker/host:1" }
  }

  assert {
    condition     = tolist(aws_subnet.private[*].availability_zone) == var.zones && tolist(aws_subnet.host[*].availability_zone) == var.zones && length(data.aws_availability_zones.available) == 0
    error_message = "The given zones must be used, in both VPCs."
  }
}
