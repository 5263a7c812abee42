// The AI SDK for sdk_callers.cjs: one turn of a model; tools are run by the test.
module.exports = (packages, base, apiKey) => {
  const { generateText, streamText, jsonSchema, tool } = packages('ai');
  const openai = packages('@ai-sdk/openai').createOpenAI({ apiKey, baseURL: base + '/v1' });
  const anthropic = packages('@ai-sdk/anthropic').createAnthropic({ apiKey, baseURL: base + '/v1' });
  const google = packages('@ai-sdk/google').createGoogleGenerativeAI({ apiKey, baseURL: base + '/v1beta' });
  const models = { chat: openai.chat, responses: openai.responses, anthropic, gemini: google };

  const toolOf = ({ function: { name, description, parameters } }) => [name, tool({ description, inputSchema: jsonSchema(parameters) })];

  async function streamed(request) {
    const result = streamText({ ...request, onError() {} });
    for await (const part of result.fullStream) {
      if (part.type === 'error') throw part.error;
    }
    const names = ['response', 'text', 'reasoningText', 'toolCalls', 'finishReason', 'usage'];
    return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await result[name]])));
  }

  return async ({ dialect, model, system, messages, stream, tools, max_tokens, options }) => {
    const request = {
      model: models[dialect](model), system, messages, maxOutputTokens: max_tokens, maxRetries: 0, providerOptions: options,
      ...(tools.length ? { tools: Object.fromEntries(tools.map(toolOf)) } : {}),
    };
    const { response, text, reasoningText, toolCalls, finishReason, usage } = await (stream ? streamed(request) : generateText(request));
    return {
      messages: response.messages, text, thinking: reasoningText ?? '', calls: toolCalls, finish: finishReason,
      usage: [usage.inputTokens, usage.outputTokens, usage.inputTokenDetails?.cacheReadTokens ?? usage.cachedInputTokens ?? 0],
    };
  };
};
