import { type MethodEntry, methods } from '@halibut-gateway/schemas'
import { type CloseReason, closeCodes, closeMeanings, errorTable, hasRight, type Role } from '@halibut-gateway/schemas/wire'

/** The one map of methods as an OpenRPC 1.3.2 document: all of it, or what a role may call. */
export function openRpcDocument(version: string, role?: Role): Record<string, unknown> {
  const shown = (Object.entries(methods) as [string, MethodEntry][]).filter(([, { right }]) => role === undefined || hasRight(role, right))
  return {
    openrpc: '1.3.2',
    info: {
      title: 'Halibut Gateway',
      version,
      description: 'JSON-RPC 2.0 over one WebSocket. What the messages mean together is told in PROTOCOL.md.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    methods: shown.map(([name, entry]) => {
      const { properties = {}, required = [] } = entry.params as { properties?: Record<string, object>; required?: string[] }
      return {
        name,
        summary: entry.description,
        paramStructure: 'by-name',
        params: Object.entries(properties).map(([param, schema]) => ({ name: param, required: required.includes(param), schema })),
        result: { name: 'result', schema: entry.result },
        errors: Object.keys(errorTable).map(kind => ({ $ref: `#/components/errors/${kind}` })),
        'x-right': entry.right,
        ...(entry.item ? { 'x-item': entry.item } : {}),
      }
    }),
    components: {
      errors: Object.fromEntries(
        Object.entries(errorTable).map(([kind, row]) => [kind, { code: row.number, message: row.meaning, data: { kind } }]),
      ),
    },
    'x-close-codes': Object.fromEntries(
      Object.entries(closeCodes).map(([reason, row]) => [reason, { ...row, ...closeMeanings[reason as CloseReason] }]),
    ),
  }
}

/** For each role the document of what it may call. */
export function openRpcDocuments(version: string): Readonly<Record<Role, Record<string, unknown>>> {
  return {
    viewer: openRpcDocument(version, 'viewer'),
    operator: openRpcDocument(version, 'operator'),
    admin: openRpcDocument(version, 'admin'),
  }
}
