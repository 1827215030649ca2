module httptap

go 1.26
