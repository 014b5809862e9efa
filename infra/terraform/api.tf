# The API: an HTTP API or the function's URL. Requests are signed with SigV4 by default; an HTTP API can verify tokens or ask a
# Lambda function instead.

locals {
  makes_http_api     = var.api.kind == "http_api"
  makes_function_url = var.api.kind == "function_url"
  asks_function      = var.api.authorization == "CUSTOM"

  api_url = trimsuffix(local.makes_http_api ? one(aws_apigatewayv2_stage.this[*].invoke_url) : one(aws_lambda_function_url.api[*].function_url), "/")
}

# --- HTTP API ---

resource "aws_apigatewayv2_api" "this" {
  count = local.makes_http_api ? 1 : 0

  name          = "${var.name}-api"
  description   = "API of ${var.name}"
  protocol_type = "HTTP"
  tags          = local.tags
}

resource "aws_apigatewayv2_integration" "this" {
  count = local.makes_http_api ? 1 : 0

  api_id                 = aws_apigatewayv2_api.this[0].id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_alias.live["api"].invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_route" "this" {
  count = local.makes_http_api ? 1 : 0

  api_id             = aws_apigatewayv2_api.this[0].id
  route_key          = "$default"
  target             = "integrations/${aws_apigatewayv2_integration.this[0].id}"
  authorization_type = var.api.authorization
  authorizer_id      = one(aws_apigatewayv2_authorizer.this[*].id)
}

resource "aws_apigatewayv2_authorizer" "this" {
  count = contains(["JWT", "CUSTOM"], var.api.authorization) ? 1 : 0

  api_id           = aws_apigatewayv2_api.this[0].id
  name             = "${var.name}-api"
  authorizer_type  = var.api.authorization == "JWT" ? "JWT" : "REQUEST"
  identity_sources = var.api.authorization == "JWT" ? ["$request.header.Authorization"] : var.api.authorizer_identity_sources

  authorizer_uri                    = local.asks_function ? "arn:${local.partition}:apigateway:${local.region}:lambda:path/2015-03-31/functions/${var.api.authorizer_arn}/invocations" : null
  authorizer_payload_format_version = local.asks_function ? "2.0" : null
  enable_simple_responses           = local.asks_function ? true : null
  authorizer_result_ttl_in_seconds  = local.asks_function ? 0 : null # a withdrawn right ends at once

  dynamic "jwt_configuration" {
    for_each = var.api.authorization == "JWT" ? [1] : []
    content {
      issuer   = var.api.issuer
      audience = var.api.audience
    }
  }
}

resource "aws_lambda_permission" "authorizer" {
  count = local.asks_function ? 1 : 0

  statement_id  = "${var.name}-api"
  action        = "lambda:InvokeFunction"
  function_name = var.api.authorizer_arn
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this[0].execution_arn}/authorizers/${aws_apigatewayv2_authorizer.this[0].id}"
}

resource "aws_apigatewayv2_stage" "this" {
  count = local.makes_http_api ? 1 : 0

  api_id      = aws_apigatewayv2_api.this[0].id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit    = var.api.rate_limit
    throttling_burst_limit   = var.api.burst_limit
    detailed_metrics_enabled = true
  }

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api_access[0].arn
    format = jsonencode({
      time         = "$context.requestTime"
      request      = "$context.requestId"
      source       = "$context.identity.sourceIp"
      caller       = "$context.identity.userArn"
      user         = "$context.authorizer.claims.sub"
      method       = "$context.httpMethod"
      path         = "$context.path"
      status       = "$context.status"
      milliseconds = "$context.responseLatency"
      error        = "$context.integrationErrorMessage"
    })
  }

  tags = local.tags
}

resource "aws_cloudwatch_log_group" "api_access" {
  count = local.makes_http_api ? 1 : 0

  name              = "/aws/apigateway/${var.name}-api"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
  tags              = local.tags
}

resource "aws_lambda_permission" "http_api" {
  count = local.makes_http_api ? 1 : 0

  statement_id  = "http-api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["api"].function_name
  qualifier     = aws_lambda_alias.live["api"].name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.this[0].execution_arn}/*"
}

# --- function URL ---

resource "aws_lambda_function_url" "api" {
  count = local.makes_function_url ? 1 : 0

  function_name      = aws_lambda_function.this["api"].function_name
  qualifier          = aws_lambda_alias.live["api"].name
  authorization_type = var.api.authorization
}

resource "aws_lambda_permission" "public_function_url" {
  count = local.makes_function_url && var.api.authorization == "NONE" ? 1 : 0

  statement_id           = "public-function-url"
  action                 = "lambda:InvokeFunctionUrl"
  function_name          = aws_lambda_function.this["api"].function_name
  qualifier              = aws_lambda_alias.live["api"].name
  principal              = "*"
  function_url_auth_type = "NONE"
}
