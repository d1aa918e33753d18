/** A tool call that the LLM requests. */
export interface ToolRequest {
  name: string;
  args: Readonly<Record<string, string | number>>;
}

/** How an LLM request fails. */
export type LlmFault =
  /** Fails once; a retry or a fallback succeeds. */
  | 'once'
  /** Fails with an error that is not retried. */
  | 'fatal'
  /** Returns an empty response that is billed. */
  | 'empty'
  /** Takes so long that the caller speaks again before the response. */
  | 'late';

/** One LLM request of a turn: its text, its tool calls, its fault. */
export interface Step {
  text?: string;
  tools?: readonly ToolRequest[];
  fault?: LlmFault;
}

/** The agent's reply to a message: one step for each round of tools, and a last one. */
export type Reply = readonly Step[];

const apology: Reply = [{ text: 'Sorry, could you say that again?' }];

/**
 * The agent's part of a conversation, looked up by the caller's messages. The simulated LLMs have no state of their own, so
 * that every request of the SDK (preemptive, after a tool, through a fallback) gets the answer that fits the conversation.
 */
export class Script {
  readonly #replies: { says: string; reply: Reply }[] = [];
  readonly #failed = new Set<Step>();

  /** @param greeting the agent's text before the first message */
  constructor(greeting: Reply) {
    this.#replies.push({ says: '', reply: greeting });
  }

  /** Sets the reply to `says`. */
  expect(says: string, reply: Reply): void {
    this.#replies.unshift({ says, reply });
  }

  /**
   * The step that answers a user message after `round` rounds of tools. The message may be longer than the last utterance:
   * the SDK joins consecutive utterances. `undefined`: no message yet.
   */
  step(message: string | undefined, round: number): Step {
    const said = message?.trim();
    const found = this.#replies.find(({ says }) => (says === '' ? !said : said?.endsWith(says)));
    const reply = found?.reply ?? apology;
    return reply[Math.min(round, reply.length - 1)] ?? {};
  }

  /** Whether a step that fails once has to fail now; true only once per step. */
  failsNow(step: Step): boolean {
    if (step.fault !== 'once' || this.#failed.has(step)) return false;
    this.#failed.add(step);
    return true;
  }
}

/** The faults that can be armed. */
export type Fault =
  /** The next audio frame breaks the connection of the STT. */
  | 'stt'
  /** The next synthesis fails once; a retry succeeds. */
  | 'tts-once'
  /** The next synthesis fails permanently. */
  | 'tts-fatal';

/** The pending faults of a call: a scene arms them, and the affected model takes them. */
export class Faults {
  readonly #armed = new Map<Fault, number>();

  arm(fault: Fault, times = 1): void {
    this.#armed.set(fault, (this.#armed.get(fault) ?? 0) + times);
  }

  disarm(fault: Fault): void {
    this.#armed.delete(fault);
  }

  /** Whether the fault is armed; disarms it. */
  take(fault: Fault): boolean {
    const left = this.#armed.get(fault) ?? 0;
    if (left === 0) return false;
    this.#armed.set(fault, left - 1);
    return true;
  }
}

/** A question of callers, and the agent's answer. */
export interface Topic {
  says: string;
  answer: string;
  /** The tool that the agent calls before it answers. */
  tool?: ToolRequest;
}

/** The topics of an agent's calls. No question is the end of another one, so that each finds its own answer. */
export interface Topics {
  greeting: string;
  topics: readonly Topic[];
  /** A long answer that can be interrupted. */
  monologue: string;
  farewell: Topic;
}

export const topics = {
  'front-desk': {
    greeting: 'Good morning, the Harbour Hotel, how can I help you?',
    topics: [
      {
        says: 'do you have a room for two nights from Friday',
        answer: 'Yes, we have a double room with a view of the harbour. Shall I reserve it?',
        tool: { name: 'search_rooms', args: { nights: 2, guests: 2 } },
      },
      {
        says: 'what does the room with breakfast cost',
        answer: 'With breakfast it is one hundred and forty euros a night.',
        tool: { name: 'quote_rate', args: { board: 'breakfast' } },
      },
      {
        says: 'please book it under the name Miller',
        answer: 'Done. The room is booked for Miller, and you will get a confirmation by mail.',
        tool: { name: 'book_room', args: { name: 'Miller' } },
      },
      {
        says: 'when can I check in at the earliest',
        answer: 'Check-in is from three in the afternoon. Your luggage may come earlier.',
      },
      {
        says: 'is there a place to park the car',
        answer: 'There is a garage under the house, for eighteen euros a day.',
        tool: { name: 'check_parking', args: { days: 2 } },
      },
      {
        says: 'can I bring my dog along',
        answer: 'Small dogs are welcome. Please tell us a day ahead.',
      },
      {
        says: 'how do I get to you from the station',
        answer: 'Take the number six tram to the quay, it is two minutes on foot from there.',
      },
      { says: 'does the pool open before seven', answer: 'The pool opens at six thirty every day.' },
    ],
    monologue:
      'We have three restaurants. The Quay serves fish and is open from noon to eleven. The Loft on the top ' +
      'floor does small plates. And the Cellar is for wine, with cold dishes until midnight.',
    farewell: { says: 'thank you that is all goodbye', answer: 'Thank you for calling. Goodbye!' },
  },
  support: {
    greeting: 'Hello, this is the Northwind support line. What can I do for you?',
    topics: [
      {
        says: 'where is my order with the blue jacket',
        answer: 'It left our warehouse yesterday and should be with you on Thursday.',
        tool: { name: 'lookup_order', args: { order: 'A-10442' } },
      },
      {
        says: 'I would like to send the shoes back',
        answer: 'No problem, I am sending you a return label by mail.',
        tool: { name: 'create_return', args: { order: 'A-10442', item: 'shoes' } },
      },
      {
        says: 'why was my card charged twice',
        answer: 'I see one charge and one reservation. The reservation expires in two days.',
        tool: { name: 'list_charges', args: { customer: 'C-301' } },
      },
      {
        says: 'how long does a refund usually take',
        answer: 'Between three and five working days, depending on your bank.',
      },
      { says: 'can I still change the delivery address', answer: 'Until it is on the van, yes. Where to?' },
      {
        says: 'do you ship to Norway as well',
        answer: 'We do. It takes a week, and customs are included in the price.',
      },
      { says: 'my voucher code is not accepted', answer: 'That code expired in March. Here is a fresh one.' },
      {
        says: 'which size fits if I wear forty two',
        answer: 'These run small, so I would take a forty three.',
      },
    ],
    monologue:
      'Let me explain how returns work. First you print the label that we send you. Then you pack the goods, if ' +
      'possible in their own box. The parcel takes about three days to reach us, and then you get your money.',
    farewell: { says: 'great thanks for your help bye', answer: 'You are welcome. Have a good day!' },
  },
  survey: {
    greeting: 'Hi, this is Clara from Metro Transit. May I ask you three short questions?',
    topics: [
      { says: 'sure go ahead', answer: 'Great. How often do you take the bus in a week?' },
      { says: 'about five times I think', answer: 'And how content are you with how punctual it is?' },
      { says: 'it is mostly fine apart from Mondays', answer: 'I see. What would you change about it?' },
      {
        says: 'more buses in the evening would be nice',
        answer: 'Noted. Which line do you take most often?',
        tool: { name: 'save_answer', args: { question: 3 } },
      },
      {
        says: 'usually the forty two to the market',
        answer: 'Thank you, I have written that down.',
        tool: { name: 'save_answer', args: { question: 4 } },
      },
      {
        says: 'what happens with my answers',
        answer: 'They are counted, without your name, and then deleted.',
      },
      { says: 'who pays for this survey', answer: 'The city does. It runs it once a year.' },
    ],
    monologue:
      'The results are published every spring. They show, for each line, how content people are with the times, ' +
      'the drivers, the stops and the price. Last year this brought two more buses in the morning.',
    farewell: { says: 'that was it then goodbye', answer: 'Yes, thank you for your time. Goodbye!' },
  },
  concierge: {
    greeting: 'Hello, I am your concierge. What are you in the mood for?',
    topics: [
      {
        says: 'find me a table for four tonight',
        answer: 'There is a table at eight at Lina, and one at half past at the Mill.',
        tool: { name: 'find_table', args: { guests: 4 } },
      },
      {
        says: 'is there live music somewhere',
        answer: 'The Blue Note has a trio from nine, without a cover.',
      },
      {
        says: 'what is the weather like tomorrow',
        answer: 'Sunny in the morning, with a little rain from four on.',
        tool: { name: 'get_weather', args: { day: 'tomorrow' } },
      },
      { says: 'where can I buy a good map', answer: 'At the bookshop next to the theatre.' },
      { says: 'what should I see in one afternoon', answer: 'The old harbour, and then the glass house.' },
    ],
    monologue:
      'The old town has three walks. The first follows the wall and takes an hour. The second goes from church to ' +
      'church. The third is my favourite, it leads along the river past the mills to a small garden.',
    farewell: { says: 'perfect I am off then bye', answer: 'Enjoy your evening!' },
  },
} as const satisfies Record<string, Topics>;

/** What callers say to interrupt the agent. */
export const interjections = [
  'wait stop that is too much',
  'hold on a moment please',
  'no that is not what I meant',
  'sorry can I ask something else',
] as const;

/** What callers say when they get no answer. */
export const nudges = ['hello are you still there', 'can you hear me', 'anybody on the line'] as const;

/** The agent's answers to an interjection or a nudge. */
export const acknowledgements = ['Of course.', 'Sure, go on.', 'I am listening.', 'Yes, I am here.'] as const;
