import type { AgentSnapshot } from '@halibut-gateway/schemas'
import type { AttachWay } from './attach-commands.ts'

/** The two certificates of a gateway, and where polling agents find the new one. */
export interface Move {
  readonly old: string
  readonly fresh: string
  readonly host: string
  /** Absent: there is no port for polling agents. */
  readonly port: number | undefined
}

const programs = [
  ['Tentacle on Windows', 'In a command prompt of an administrator, where Tentacle.exe lies.', 'Tentacle.exe'],
  ['Tentacle on Linux', 'In a shell of root.', '/opt/octopus/tentacle/Tentacle'],
] as const

/** What the operator of an agent runs, so that it accepts the gateway’s new certificate beside the old one. */
export function moveWays({ mode, name, uri }: Pick<AgentSnapshot, 'mode' | 'name' | 'uri'>, move: Move): readonly AttachWay[] {
  const { old, fresh, host, port } = move
  const polls = mode === 'polling' && port !== undefined
  const address = `https://${host}:${port ?? ''}/`
  return [
    ...programs.map(([title, about, program]) => ({
      title,
      about,
      lines: [
        `${program} configure --instance=Halibut --trust=${fresh}`,
        ...(polls
          ? [`${program} server-comms --instance=Halibut --thumbprint=${fresh} --style=TentacleActive --host=${host} --port=${port}`]
          : []),
        `${program} service --instance=Halibut --stop --start`,
      ],
    })),
    {
      title: 'A sample agent',
      about: 'Start it anew with the certificate and the files that it has.',
      lines: [
        polls
          ? `halibut-gateway agent --trust ${fresh} --poll ${address} --subscription ${uri} --name ${quoted(name)}`
          : `halibut-gateway agent --trust ${old} --trust ${fresh} --listen ${listenPlace(uri)} --name ${quoted(name)}`,
      ],
    },
  ]
}

/** What the operator of an agent runs when the old certificate is retired: it is to be believed no more. */
export function forgetWays({ mode }: Pick<AgentSnapshot, 'mode'>, { old }: Pick<Move, 'old'>): readonly AttachWay[] {
  return programs.map(([title, about, program]) => ({
    title,
    about: mode === 'polling' ? `${about} It stops polling with the old one.` : about,
    lines: [`${program} configure --instance=Halibut --remove-trust=${old}`, `${program} service --instance=Halibut --stop --start`],
  }))
}

/** What gives the machine of an agent a new certificate of its own, and tells its thumbprint. */
export function newCertificateWays(): readonly AttachWay[] {
  return programs.map(([title, about, program]) => ({
    title,
    about: `${about} The machine goes on with the old one until its service is started again.`,
    lines: [`${program} new-certificate --instance=Halibut`, `${program} show-thumbprint --instance=Halibut`],
  }))
}

function listenPlace(uri: string): string {
  const [, port] = /:(\d+)\/?$/.exec(uri) ?? []
  return `0.0.0.0:${port ?? 10_933}`
}

/** A name in a shell, where it needs quotes. */
function quoted(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`
}
