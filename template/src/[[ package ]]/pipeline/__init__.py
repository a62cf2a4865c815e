"""The training half of the road: data, train, evaluate, register, promote, rebuild."""
