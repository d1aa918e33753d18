/**
 * Options shared by the workers of these tests. The SDK's own health server would listen on every interface, and a
 * process that needs more than 10 s to start, as on a busy machine, would be killed and its job lost.
 */
exports.serverOptions = (sdk) => {
  // No job uses the process for LiveKit's turn detection, which takes longer to start than all others.
  if (process.env.TEST_INFERENCE_PROCESS !== 'true') sdk.InferenceRunner.registerRunner = () => {};
  return {
    host: '127.0.0.1',
    port: Number(process.env.TEST_SERVER_PORT),
    agentName: 'front-desk',
    initializeProcessTimeout: 120_000,
  };
};
