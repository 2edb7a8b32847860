"""Hugging Face: stock classes and tokenizers, nothing missing and nothing left over."""

import json

import numpy as np
import pytest
import torch
from cases import all_cases
from report import note
from runtime import check, logits_of
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForTokenClassification,
    AutoTokenizer,
    pipeline,
)

BERT = all_cases("hf-bert")
GPT2 = all_cases("hf-gpt2")
LANGUAGE = [c for c in GPT2 if c.categorical]
CLASSIFIERS = BERT + GPT2


def classifier(case):
    """The folder of the token classifier."""
    if not case.causal:
        return case.path("hf-bert")
    return case.path("hf-gpt2") / "token-classification" if case.categorical else case.path("hf-gpt2")


def load(cls, folder, **options):
    model, info = cls.from_pretrained(folder, output_loading_info=True, **options)
    assert not any(info.values()), info
    assert model.dtype == torch.float32
    return model.eval()


def forward(model):
    return lambda ids, mask: model(input_ids=ids, attention_mask=mask).logits


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("case", CLASSIFIERS, ids=repr)
def test_token_classification(case, attention):
    folder = classifier(case)
    model = load(AutoModelForTokenClassification, folder, attn_implementation=attention)
    kind = AutoConfig.from_pretrained(folder).model_type
    check(case, forward(model), f"transformers {kind} {attention}")


@pytest.mark.parametrize("case", CLASSIFIERS[::4], ids=repr)
def test_labels_are_the_outputs_values(case):
    labels = AutoConfig.from_pretrained(classifier(case)).id2label
    assert list(labels.values()) == (case.labels() if case.categorical else ["value"])
    assert list(labels) == list(range(len(labels)))


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("case", LANGUAGE, ids=repr)
def test_language_model(case, attention):
    """The symbols of the output have the model's logits, all others lie far below."""
    model = load(AutoModelForCausalLM, case.path("hf-gpt2"), attn_implementation=attention)
    tokenizer = AutoTokenizer.from_pretrained(case.path("hf-gpt2"))
    columns = tokenizer.convert_tokens_to_ids(case.labels())
    others = sorted(set(range(model.config.vocab_size)) - set(columns))

    def of_classes(ids, mask):
        logits = model(input_ids=ids, attention_mask=mask).logits
        assert torch.equal(logits.argmax(-1), torch.tensor(columns)[logits[..., columns].argmax(-1)])
        assert (logits[..., others] < -60).all()
        return logits[..., columns]

    check(case, of_classes, f"transformers gpt2 LM {attention}")


@pytest.mark.parametrize("case", LANGUAGE, ids=repr)
def test_generation_with_a_cache_is_generation_without(case):
    """Up to the first symbol that is a value of the output and no token: what comes after it means nothing."""
    model = load(AutoModelForCausalLM, case.path("hf-gpt2"))
    for _, ids in case.singles(12 if case.max_len <= 5 else 2):
        prompt = torch.from_numpy(ids[:, : max(1, ids.shape[1] // 2)])
        most = case.max_len + 1 - prompt.shape[1]
        options = {"do_sample": False, "max_new_tokens": most, "return_dict_in_generate": True, "output_logits": True}
        cached = model.generate(prompt, use_cache=True, **options)
        without = model.generate(prompt, use_cache=False, **options)
        new = cached.sequences[0, prompt.shape[1] :].tolist()
        steps = 1 + next((i for i, t in enumerate(new) if t >= len(case.model.vocab)), len(new) - 1)
        width = prompt.shape[1] + steps
        assert torch.equal(cached.sequences[:, :width], without.sequences[:, :width])
        error = max(float((a - b).abs().max()) for a, b in zip(cached.logits[:steps], without.logits[:steps]))
        assert error <= 1e-5
        note("transformers gpt2 LM", "KV cache against none", case, error)
        # Greedy by hand, each time from the beginning.
        again = prompt
        while again.shape[1] < width:
            again = torch.cat([again, model(again).logits[:, -1:].argmax(-1)], 1)
        assert torch.equal(again, cached.sequences[:, :width])


@pytest.mark.parametrize("case", LANGUAGE, ids=repr)
def test_token_by_token_with_a_cache_is_all_at_once(case):
    model = load(AutoModelForCausalLM, case.path("hf-gpt2"))
    for _, ids in case.singles(12 if case.max_len <= 5 else 2):
        ids = torch.from_numpy(ids)
        parts, past = [], None
        for t in range(ids.shape[1]):
            step = model(ids[:, t : t + 1], past_key_values=past, use_cache=True)
            past = step.past_key_values
            parts.append(step.logits)
        error = float((torch.cat(parts, 1) - model(ids).logits).abs().max())
        assert error <= 1e-5
        note("transformers gpt2 LM", "token by token against at once", case, error)


@pytest.mark.parametrize("case", CLASSIFIERS[::3], ids=repr)
def test_hidden_states_hold_the_residual_stream(case):
    """Where the folder's `raspc.json` says."""
    folder = classifier(case)
    model = load(AutoModelForTokenClassification, folder)
    where = json.loads((folder / "raspc.json").read_text(encoding="utf-8"))["residual"]

    def last(ids, mask):
        return model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states[-1]

    hidden = logits_of(case, last, True)
    stream = (hidden[..., where["place"]] - hidden[..., where["negation"]]) / 2 * np.array(where["unit"], np.float32)
    error = np.abs(stream - case.residual)[case.real].max()
    assert error <= 1e-4
    note("transformers", "residual stream", case, float(error))


@pytest.mark.parametrize("case", CLASSIFIERS, ids=repr)
def test_tokenizer_and_pipeline(case):
    folder = classifier(case)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    picked = [i for i, _ in case.singles(8)]
    texts = [" ".join(tokenizer.convert_ids_to_tokens(case.ids[i, 1 : case.lengths[i]].tolist())) for i in picked]
    encoded = tokenizer(texts, padding=True, return_tensors="np")
    width = max(case.lengths[i] for i in picked)
    assert (encoded["input_ids"] == case.ids[picked, :width]).all()
    assert (encoded["attention_mask"] == case.mask[picked, :width]).all()
    assert tokenizer.model_max_length == case.max_len + 1
    assert tokenizer.decode(case.ids[picked[-1], : case.lengths[picked[-1]]], skip_special_tokens=True) == texts[-1]
    if case.categorical:
        classify = pipeline("token-classification", model=str(folder), tokenizer=str(folder), ignore_labels=[])
        labels = classify.model.config.id2label
        for batch_size in (1, 4):
            for i, found in zip(picked, classify(texts, batch_size=batch_size), strict=True):
                expected = case.expected[i, 1 : case.lengths[i]]
                assert [word["entity"] for word in found] == [labels[int(e)] for e in expected]


def test_an_unknown_word_is_an_error():
    tokenizer = AutoTokenizer.from_pretrained(BERT[0].path("hf-bert"))
    with pytest.raises(Exception, match="UNK"):
        tokenizer("a z")


def test_a_folder_without_its_head_is_a_base_model():
    model = AutoModel.from_pretrained(BERT[0].path("hf-bert"))
    assert type(model).__name__ == "BertModel"
