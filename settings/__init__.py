"""What a stack may say: typed, frozen, plain values and the proofs that they fit together."""
