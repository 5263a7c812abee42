// Drives the Node SDKs against a gateway: one line of JSON on stdout for each call.
// usage: node sdk_calls.cjs BASE_URL KEY MODEL
const { createRequire } = require('node:module');
const packages = createRequire(process.env.SLUICE_E2E_NODE + '/');
const OpenAI = packages('openai').default;
const Anthropic = packages('@anthropic-ai/sdk').default;

const [base, key, model] = process.argv.slice(2);
const messages = [{ role: 'user', content: 'Say hello' }];
const openai = (apiKey) => new OpenAI({ apiKey, baseURL: base + '/v1', maxRetries: 0 });
const anthropic = (apiKey) => new Anthropic({ apiKey, baseURL: base, maxRetries: 0 });
const chat = (caller, name) => caller.chat.completions.create({ model: name, messages });
const message = (caller, name) => caller.messages.create({ model: name, max_tokens: 64, messages });

const calls = {
  openai_plain: async () => (await chat(openai(key), model)).choices[0].message.content,
  openai_stream: async () => {
    let text = '';
    for await (const part of await openai(key).chat.completions.create({ model, messages, stream: true })) {
      text += part.choices[0]?.delta?.content ?? '';
    }
    return text;
  },
  openai_responses: async () => (await openai(key).responses.create({ model, input: 'Say hello' })).output_text,
  openai_models: async () => {
    const names = [];
    for await (const one of openai(key).models.list()) names.push(one.id);
    return names.join(' ');
  },
  openai_wrong_key: () => chat(openai('wrong-key'), model),
  openai_unknown_model: () => chat(openai(key), 'nonesuch/model'),
  anthropic_plain: async () => (await message(anthropic(key), model)).content[0].text,
  anthropic_stream: async () => {
    const stream = anthropic(key).messages.stream({ model, max_tokens: 64, messages });
    return (await stream.finalMessage()).content[0].text;
  },
  anthropic_wrong_key: () => message(anthropic('wrong-key'), model),
  anthropic_unknown_model: () => message(anthropic(key), 'nonesuch/model'),
};

(async () => {
  for (const [name, call] of Object.entries(calls)) {
    let outcome;
    try {
      outcome = { text: await call() };
    } catch (error) {
      outcome = { error: error.constructor.name, status: error.status, message: error.message };
    }
    console.log(JSON.stringify({ name, ...outcome }));
  }
})();
