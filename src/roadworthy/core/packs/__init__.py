"""Policy packs: loading, overlays, tiers, and their own proofs."""
