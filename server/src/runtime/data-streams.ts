export { type ByteSink, DataStream } from '../codec/data-stream.ts'
export type { Spool } from '../exchange/exchange-options.ts'
