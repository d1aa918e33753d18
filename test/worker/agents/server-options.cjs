/** The SDK's own health server would listen on every interface, and give a process on a busy machine only 10 s. */
exports.serverOptions = {
  host: '127.0.0.1',
  port: Number(process.env.TEST_SERVER_PORT),
  agentName: 'front-desk',
};
