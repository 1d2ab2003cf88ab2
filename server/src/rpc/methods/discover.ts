import { type MethodEntry, methods } from '@halibut-gateway/schemas'
import { closeCodes, errorTable } from '@halibut-gateway/schemas/wire'
import type { Handlers } from '../dispatcher.ts'

/** The method that describes all others. */
export function discoverMethods(version: string): Pick<Handlers, 'rpc.discover'> {
  const document = describeMethods(version)
  return { 'rpc.discover': () => document }
}

/** The one map as an OpenRPC document. */
function describeMethods(version: string): Record<string, unknown> {
  return {
    openrpc: '1.3.2',
    info: { title: 'Halibut Gateway', version },
    methods: Object.entries(methods).map(([name, entry]: [string, MethodEntry]) => {
      const properties = (entry.params as { properties?: Record<string, object> }).properties ?? {}
      const required = (entry.params as { required?: string[] }).required ?? []
      return {
        name,
        summary: entry.description,
        paramStructure: 'by-name',
        params: Object.entries(properties).map(([param, schema]) => ({ name: param, required: required.includes(param), schema })),
        result: { name: 'result', schema: entry.result },
        ...(entry.item ? { 'x-item': entry.item } : {}),
      }
    }),
    components: {
      errors: Object.fromEntries(Object.entries(errorTable).map(([kind, row]) => [kind, { code: row.number, message: row.meaning }])),
    },
    'x-close-codes': closeCodes,
  }
}
