import { type ErrorContext, HalibutError } from './errors.ts'

/** The peer ended the connection where more bytes had to come. The text is .NET’s, which peers match on. */
export function endOfInput(context: ErrorContext = {}): HalibutError {
  return new HalibutError('connection_lost', 'Attempted to read past the end of the stream.', {
    dotnetType: 'System.IO.EndOfStreamException',
    ...context,
  })
}
