"""What stands before and behind the transformer: encoders of tokens and decoders of outputs."""
