// For tests of what is built on this package: a gateway in memory.
export type { TestAgent, TestCallContext, TestImplementation } from './testing/test-agents.ts'
export { TestError } from './testing/test-error.ts'
export { createTestGateway, type TestCall, type TestGateway } from './testing/test-gateway.ts'
