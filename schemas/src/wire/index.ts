export { type Delivery, type ErrorEntry, type ErrorKind, errorTable, isErrorKind, type Phase, type RemoteError } from './errors.ts'
