// Where the module begins. What it is built of stands in a file for each minor: go build -modfile=1.37.mod
module berth.dev/test/cluster/kubernetes

go 1.26.4
