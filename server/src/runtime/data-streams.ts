export { type ByteSink, type ByteSource, DataStream } from '../codec/data-stream.ts'
export type { Spool } from '../exchange/exchange-options.ts'
