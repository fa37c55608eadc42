// llama.cpp as a judge: compiled by the tests against .deps/llama.
//
//   llama_judge LIBRARIES MODEL.gguf ADAPTER.gguf|- COUNT   prompts on standard input, ids in a
//   line llama_judge LIBRARIES MODEL.gguf tokenize               texts on standard input, one a
//   line
//
// For each prompt one line: COUNT ids by argmax, end tokens not honoured, then " | " and the logits
// behind the prompt's last token. One thread, keys and values in F32, no flash attention: with
// llama.cpp's defaults the logits are 3e-3 off.

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "ggml-backend.h"
#include "llama.h"

namespace {

[[noreturn]] void fail(const std::string& message) {
  std::fprintf(stderr, "llama_judge: %s\n", message.c_str());
  std::exit(1);
}

void only_errors(ggml_log_level level, const char* text, void*) {
  if (level == GGML_LOG_LEVEL_ERROR) std::fputs(text, stderr);
}

llama_context* new_context(llama_model* model) {
  llama_context_params params = llama_context_default_params();
  params.n_ctx = 256;
  params.n_threads = 1;
  params.n_threads_batch = 1;
  params.type_k = GGML_TYPE_F32;
  params.type_v = GGML_TYPE_F32;
  params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
  llama_context* context = llama_init_from_model(model, params);
  if (context == nullptr) fail("no context");
  return context;
}

const float* feed(llama_context* context, std::vector<llama_token>& tokens) {
  const auto count = static_cast<int32_t>(tokens.size());
  if (llama_decode(context, llama_batch_get_one(tokens.data(), count)) != 0) fail("decode");
  return llama_get_logits_ith(context, -1);
}

void continue_prompt(llama_model* model, llama_adapter_lora* adapter,
                     std::vector<llama_token> prompt, int count) {
  llama_context* context = new_context(model);
  float scale = 1.0F;
  if (adapter != nullptr && llama_set_adapters_lora(context, &adapter, 1, &scale) != 0) {
    fail("the adapter was not taken");
  }
  const int rows = llama_vocab_n_tokens(llama_model_get_vocab(model));
  std::vector<float> first;
  for (int i = 0; i < count; ++i) {
    const float* logits = feed(context, prompt);
    if (first.empty()) first.assign(logits, logits + rows);
    const auto best = static_cast<llama_token>(std::max_element(logits, logits + rows) - logits);
    std::printf("%d ", best);
    prompt = {best};
  }
  std::printf("|");
  for (const float logit : first) std::printf(" %.9g", static_cast<double>(logit));
  std::printf("\n");
  llama_free(context);
}

void tokenize(llama_model* model, const std::string& text) {
  std::vector<llama_token> ids(text.size() + 16);
  const int count =
      llama_tokenize(llama_model_get_vocab(model), text.data(), static_cast<int32_t>(text.size()),
                     ids.data(), static_cast<int32_t>(ids.size()), true, true);
  if (count < 0) fail("tokenize");
  for (int i = 0; i < count; ++i) std::printf("%d ", ids[static_cast<size_t>(i)]);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) fail("see the head of llama_judge.cpp");
  llama_log_set(only_errors, nullptr);
  ggml_backend_load_all_from_path(argv[1]);
  llama_backend_init();
  llama_model* model = llama_model_load_from_file(argv[2], llama_model_default_params());
  if (model == nullptr) fail("the model was not loaded");
  const bool texts = std::strcmp(argv[3], "tokenize") == 0;
  llama_adapter_lora* adapter = nullptr;
  if (!texts && std::strcmp(argv[3], "-") != 0) {
    adapter = llama_adapter_lora_init(model, argv[3]);
    if (adapter == nullptr) fail("the adapter was not loaded");
  }
  for (std::string line; std::getline(std::cin, line);) {
    if (texts) {
      tokenize(model, line);
      continue;
    }
    std::istringstream words(line);
    std::vector<llama_token> prompt;
    for (llama_token id = 0; words >> id;) prompt.push_back(id);
    continue_prompt(model, adapter, prompt, std::atoi(argv[4]));
  }
  return 0;
}
