"""The command line as data: what each verb takes, each ending in one typed call."""

# Each verb, and the module here that adds it: a command imports its own only.
VERBS = {
    "new": "making",
    "check": "judging",
    "explain": "judging",
    "tier": "judging",
    "approve": "deciding",
    "gate": "deciding",
    "revoke": "deciding",
    "update": "making",
    "policy": "policy",
    "platform": "platform",
}
