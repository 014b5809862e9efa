module tasker-handler

go 1.24
