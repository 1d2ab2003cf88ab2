import { bsonType } from './bson.ts'
import { type ClrType, clrType } from './clr-type.ts'
import { fromResultOf } from './convert-result.ts'
import { systemType } from './type-names.ts'

/** System.Nullable of a value type. (A nullable reference is that reference.) */
export function nullableType(inner: ClrType): ClrType {
  const type: ClrType = clrType({
    name: systemType('System.Nullable`1', inner.name),
    node: { nullable: inner.node },
    reference: false,
    nullableOf: inner,
    encode(writer, name, value, slot, context) {
      if (value === null || value === undefined) writer.null(name)
      else inner.encode(writer, name, value, slot, context)
    },
    readTyped(reader, context) {
      if (reader.type === bsonType.null) return null
      if (reader.type === bsonType.string) {
        // .NET reads empty text as null here.
        const mark = reader.mark()
        if (reader.string() === '') return null
        reader.seek(mark)
      }
      return inner.readTyped(reader, context)
    },
    fromResult: fromResultOf(() => type),
  })
  return type
}
