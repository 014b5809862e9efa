# The key under which publishers sign compiled components. run-steps loads native code only if this key signed it.

data "aws_secretsmanager_random_password" "artifact" {
  # 128 hexadecimal characters: 64 random bytes.
  password_length            = 128
  exclude_uppercase          = true
  exclude_punctuation        = true
  exclude_characters         = "ghijklmnopqrstuvwxyz"
  require_each_included_type = false
}

resource "aws_secretsmanager_secret" "artifact" {
  name        = "${var.name}-artifact-signing"
  description = "Signs the compiled components that run-steps of ${var.name} loads"
  kms_key_id  = var.kms_key_arn
  # Made anew it would be another key, so a name that is free at once is worth more than the old key.
  recovery_window_in_days = var.deletion_protection ? 7 : 0
  tags                    = local.tags
}

resource "aws_secretsmanager_secret_version" "artifact" {
  secret_id     = aws_secretsmanager_secret.artifact.id
  secret_string = data.aws_secretsmanager_random_password.artifact.random_password

  lifecycle {
    ignore_changes = [secret_string] # drawn once; rotate it in Secrets Manager
  }
}
