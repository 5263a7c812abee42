// Sends requests with the Node SDKs for support/node_callers.py. Each line on stdin is {id, sdk, request, stream,
// schema, breaks_off}, each line on stdout {id, answer} or {id, error}, in the order in which they finish.
// usage: node sdk_callers.cjs BASE_URL KEY TIMEOUT_MS
const { createRequire } = require('node:module');
const { createInterface } = require('node:readline');
const packages = createRequire(process.env.SLUICE_E2E_NODE + '/');
const OpenAI = packages('openai').default;
const { makeParseableResponseFormat, makeParseableTextFormat } = packages('openai/lib/parser');
const Anthropic = packages('@anthropic-ai/sdk').default;

const [base, apiKey, timeout] = process.argv.slice(2);
const openai = new OpenAI({ apiKey, baseURL: base + '/v1', maxRetries: 0, timeout: Number(timeout) });
const anthropic = new Anthropic({ apiKey, baseURL: base, maxRetries: 0, timeout: Number(timeout) });

// The text of the first piece that has one. Leaving the loop breaks the stream off.
async function firstText(stream, textOf) {
  for await (const piece of stream) {
    if (textOf(piece)) return textOf(piece);
  }
  return '';
}

// The SDK keeps only the last piece of members that it does not know, so its callers collect thoughts themselves.
async function chatStream(events) {
  const details = [];
  let thought = '';
  events.on('chunk', (chunk) => {
    const delta = chunk.choices[0]?.delta;
    details.push(...(delta?.reasoning_details ?? []));
    thought += delta?.reasoning_content ?? delta?.reasoning ?? '';
  });
  const whole = await events.finalChatCompletion();
  if (thought) Object.assign(whole.choices[0].message, { reasoning_content: thought, reasoning_details: details });
  return whole;
}

async function chat({ request, stream, schema, breaks_off }) {
  const completions = openai.chat.completions;
  if (breaks_off) return firstText(await completions.create({ ...request, stream: true }), (chunk) => chunk.choices[0]?.delta?.content);
  if (schema) {
    const json_schema = { name: 'structured', strict: true, schema };
    request.response_format = makeParseableResponseFormat({ type: 'json_schema', json_schema }, JSON.parse);
  }
  if (stream) return chatStream(completions.stream({ ...request, stream_options: { include_usage: true } }));
  return schema ? completions.parse(request) : completions.create(request);
}

async function responses({ request, stream, schema, breaks_off }) {
  const textOf = (event) => (event.type === 'response.output_text.delta' ? event.delta : '');
  if (breaks_off) return firstText(await openai.responses.create({ ...request, stream: true }), textOf);
  if (schema) {
    request.text = { format: makeParseableTextFormat({ type: 'json_schema', name: 'structured', strict: true, schema }, JSON.parse) };
  }
  if (!stream) return schema ? openai.responses.parse(request) : openai.responses.create(request);
  const events = openai.responses.stream(request);
  let number = 0;
  for await (const event of events) {
    if (event.sequence_number !== number++) throw new Error('out of order: ' + JSON.stringify(event));
    if (event.type === 'error') throw new Error(event.message); // the SDK leaves it to who reads its events
  }
  const { output_text, output_parsed, ...whole } = await events.finalResponse();
  return whole;
}

async function messages({ request, stream, schema, breaks_off }) {
  const textOf = (event) => (event.type === 'content_block_delta' ? event.delta.text : '');
  if (breaks_off) return firstText(await anthropic.messages.create({ ...request, stream: true }), textOf);
  if (schema) request.output_config = { format: { type: 'json_schema', schema, parse: JSON.parse } };
  if (stream) return anthropic.messages.stream(request).finalMessage();
  return schema ? anthropic.messages.parse(request) : anthropic.messages.create(request);
}

let aiSdk; // its packages are there only where they could be had
const ai = (question) => (aiSdk ??= require('./ai_sdk_caller.cjs')(packages, base, apiKey))(question);

const sdks = { chat, responses, anthropic: messages, ai };

async function answer(question) {
  const { id } = question;
  try {
    return { id, answer: await sdks[question.sdk](question) };
  } catch (error) {
    const retry_after = error.headers?.get?.('retry-after') ?? null;
    return { id, error: { kind: error.constructor.name, status: error.status ?? null, message: String(error.message), retry_after } };
  }
}

console.log = console.info = console.error; // of what SDKs warn
(async () => {
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    answer(JSON.parse(line)).then((told) => process.stdout.write(JSON.stringify(told) + '\n'));
  }
})();
