module handlers

go 1.24

require tasker-handler v0.0.0

replace tasker-handler => ../../go
