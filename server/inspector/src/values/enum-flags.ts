import type { EnumDefinition } from '@halibut-gateway/schemas/contract'

/** The names that the JSON form of flags holds. */
export function flagsOf(value: unknown): readonly string[] {
  return typeof value === 'string' && value !== '' ? value.split(',').map(name => name.trim()) : []
}

/** Flags with a name more or less, in the order of their enumeration. Without any it is the name of 0, or 0. */
export function withFlag(definition: EnumDefinition, value: unknown, name: string, isSet: boolean): unknown {
  const zero = Object.keys(definition.values).find(each => Number(definition.values[each]) === 0)
  if (name === zero) return zero
  const set = new Set(flagsOf(value).filter(each => each !== zero))
  if (isSet) set.add(name)
  else set.delete(name)
  const left = Object.keys(definition.values).filter(each => set.has(each))
  return left.length > 0 ? left.join(', ') : (zero ?? 0)
}
