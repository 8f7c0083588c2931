import Net

