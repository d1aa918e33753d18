// What the SDK's processes do, as far as their worker hears of it: they answer, are told to run a job, and end.
const say = (message) => new Promise((resolve) => process.send(message, resolve));

process.on('message', async ({ case: name, value }) => {
  if (name === 'initializeRequest') await say({ case: 'initializeResponse' });
  if (name === 'throw') await say({ case: 'exiting', value: { reason: 'job crashed' } });
  if (name === 'throw' || name === 'end') process.exit(value ?? 0);
});
