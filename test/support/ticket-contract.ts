import { int32, int64, list, member, method, nullable, object, service, string, timeSpan } from '@halibut-gateway/schemas/contract'

/** Names one script: the agent takes it for a folder’s name as it is. */
const ticket = object('Octopus.Shared.Contracts.ScriptTicket, Octopus.Shared', {
  TaskId: member(string, { required: true, pattern: '^[A-Za-z0-9_-]{1,100}$' }),
})

const start = object('Octopus.Tentacle.Contracts.ScriptServiceV2.StartScriptCommandV2, Octopus.Tentacle.Contracts', {
  ScriptTicket: member(ticket, { required: true }),
  ScriptBody: member(string, { required: true, maxLength: 20 }),
  TaskId: member(string, { required: true }),
  DurationToWaitForScriptToFinish: member(nullable(timeSpan), { default: 'PT5S' }),
  Arguments: member(list(string), { default: [] }),
  Password: member(string, { secret: true, maxLength: 5, default: '' }),
})

const status = object('Octopus.Tentacle.Contracts.ScriptServiceV2.ScriptStatusResponseV2, Octopus.Tentacle.Contracts', {
  Ticket: member(ticket, { required: true }),
  ExitCode: member(int32, { default: -45 }),
})

/** Some of the services of a real Tentacle, with marks that keep from it what does it harm. */
export const ticketService = service('IScriptServiceV2', {
  StartScript: method([['command', member(start, { required: true })]], status),
  GetStatus: method(
    [
      ['ticket', member(ticket, { required: true })],
      ['lastLogSequence', member(int64, { default: '7' })],
    ],
    status,
  ),
})

/** The same types without marks: what a peer that knows of none sends. */
export const unmarkedService = JSON.parse(
  JSON.stringify(ticketService, (key, value: unknown) =>
    ['required', 'pattern', 'maxLength', 'default', 'secret'].includes(key) ? undefined : value,
  ),
) as typeof ticketService

/** Tickets that a Tentacle leaves its folder for, or closes its connection. */
export const harmfulTickets = [null, undefined, '', 'a/b', '../x', 'x'.repeat(101), 'a\n'] as const
