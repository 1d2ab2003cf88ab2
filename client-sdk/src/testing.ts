// For tests of what is built on this package: a gateway in memory.
export {
  createTestGateway,
  type TestAgent,
  type TestCall,
  type TestCallContext,
  TestError,
  type TestGateway,
  type TestImplementation,
} from './testing/test-gateway.ts'
