/** Records by their id. A change is kept when its promise resolves, and seen from then on. */
export interface KeptRecords<T> {
  get(id: string): T | undefined
  all(): readonly T[]
  put(record: T): Promise<void>
  remove(id: string): Promise<boolean>
}
