"""A real llama.cpp, if its package is installed (requirements-llama.txt), with a model made here: one tiny layer
that answers nonsense. As a program it serves: llama.py FILE."""

import contextlib
import os
import subprocess
import sys
import time

NAME, CONTEXT, TRAINED = "tiny", 256, 512
_WIDTH, _HEADS, _INNER = 32, 2, 64


def write_model(path):
    import gguf
    import numpy

    random = numpy.random.default_rng(1)
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "\u2581"]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(TRAINED)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    writer.add_token_types([2, 3, 3, *[6] * 256, 1])  # unknown, control, bytes, normal
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    shapes = {"token_embd": (len(tokens), _WIDTH), "output": (len(tokens), _WIDTH)}
    shapes |= {f"blk.0.attn_{part}": (_WIDTH, _WIDTH) for part in ("q", "k", "v", "output")}
    shapes |= {"blk.0.ffn_gate": (_INNER, _WIDTH), "blk.0.ffn_up": (_INNER, _WIDTH), "blk.0.ffn_down": (_WIDTH, _INNER)}
    for name, shape in shapes.items():
        writer.add_tensor(f"{name}.weight", random.normal(0, 0.1, shape).astype(numpy.float32))
    for name in ("output_norm", "blk.0.attn_norm", "blk.0.ffn_norm"):
        writer.add_tensor(f"{name}.weight", numpy.ones(_WIDTH, dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@contextlib.contextmanager
def llama(folder):
    """The base URL, without a path."""
    model = folder / "tiny.gguf"
    write_model(model)
    process = subprocess.Popen([sys.executable, __file__, str(model)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def serve(model):
    told = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # its log output
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.model_alias = {NAME} if not isinstance(parameters.model_alias, str) else NAME
    parameters.n_ctx = CONTEXT
    parameters.port = 0
    running = xllamacpp.Server(parameters)
    print(running.listening_address, file=told, flush=True)
    while os.getppid() != 1:
        time.sleep(1)


if __name__ == "__main__":
    serve(sys.argv[1])
