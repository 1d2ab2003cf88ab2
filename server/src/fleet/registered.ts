import { type AgentDirectory, certificatesOf } from './agent-directory.ts'

/** The ids of the agents that are registered with a certificate. Looks at all of them. */
export function agentsWith(directory: AgentDirectory, thumbprint: string): string[] {
  const wanted = thumbprint.toUpperCase()
  return directory.ids().filter(id => {
    const definition = directory.get(id)?.definition
    return definition !== undefined && certificatesOf(definition).some(each => each.toUpperCase() === wanted)
  })
}

/** The same of all certificates: one look at all agents, and not one for each certificate. */
export function agentsByCertificate(directory: AgentDirectory): Map<string, string[]> {
  const its = new Map<string, string[]>()
  for (const id of directory.ids()) {
    const definition = directory.get(id)?.definition
    for (const each of definition ? certificatesOf(definition) : []) {
      const thumbprint = each.toUpperCase()
      const ids = its.get(thumbprint)
      if (ids) ids.push(id)
      else its.set(thumbprint, [id])
    }
  }
  return its
}
