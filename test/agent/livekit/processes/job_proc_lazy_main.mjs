// Imitates the messages of the SDK's processes to their worker: respond, run a job on request, and exit.
const say = (message) => new Promise((resolve) => process.send(message, resolve));

process.on('message', async ({ case: name, value }) => {
  if (name === 'initializeRequest') await say({ case: 'initializeResponse' });
  if (name === 'throw') await say({ case: 'exiting', value: { reason: 'job crashed' } });
  if (name === 'throw' || name === 'end') process.exit(value ?? 0);
});
