# frozen_string_literal: true

Gem::Specification.new do |gem|
  gem.name = "tasker-handler"
  gem.version = "0.1.0"
  gem.summary = "Write step handlers of Tasker, the serverless workflow platform, in Ruby."
  gem.authors = ["Tasker"]
  gem.license = "Apache-2.0"
  gem.required_ruby_version = ">= 3.1"
  gem.files = Dir["lib/**/*.rb", "README.md"]
end
