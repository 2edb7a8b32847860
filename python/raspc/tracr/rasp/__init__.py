"""RASP: the language (``rasp``) and its evaluator under a causal mask (``causal_eval``)."""
