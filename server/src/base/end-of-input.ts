import { type ErrorContext, HalibutError } from './errors.ts'

/** The peer ended the connection where more bytes had to come. */
export function endOfInput(context: ErrorContext = {}): HalibutError {
  return new HalibutError('connection_lost', 'the peer ended the connection', {
    dotnetType: 'System.IO.EndOfStreamException',
    dotnetMessage: 'Attempted to read past the end of the stream.',
    ...context,
  })
}
