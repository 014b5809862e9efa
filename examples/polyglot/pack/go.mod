module pack

go 1.24

require tasker-handler v0.0.0

replace tasker-handler => ../../../handler-sdk/go
