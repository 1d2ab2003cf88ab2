import { tidyThumbprint } from './thumbprints.ts'

/** What somebody says of an agent that is to be added; what is not known is empty. */
export interface AgentDraft {
  readonly agent: string
  readonly uri: string
  readonly thumbprint: string
  readonly services: readonly string[]
}

/** The line that a sample agent prints about itself; `undefined` where a text is none. */
export function readPastedAgent(text: string): AgentDraft | undefined {
  const [json] = /\{.*\}/s.exec(text) ?? []
  if (json === undefined) return undefined
  try {
    const { id, uri, thumbprint, services } = JSON.parse(json) as Record<string, unknown>
    if (typeof uri !== 'string' || typeof thumbprint !== 'string') return undefined
    return {
      agent: typeof id === 'string' ? id : '',
      uri,
      thumbprint: tidyThumbprint(thumbprint),
      services: Array.isArray(services) ? services.filter(each => typeof each === 'string') : [],
    }
  } catch {
    return undefined
  }
}

/** An address as people say it, `web-1` or `web-1:10933`, as the gateway takes it. */
export function tidyAddress(text: string): string {
  const trimmed = text.trim()
  if (trimmed === '' || /^[a-z]+:\/\//i.test(trimmed)) return trimmed
  return `https://${/:\d+\/?$/.test(trimmed) ? trimmed.replace(/\/$/, '') : `${trimmed.replace(/\/$/, '')}:10933`}/`
}
