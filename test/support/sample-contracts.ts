import {
  abstractObject,
  anything,
  array,
  bigInteger,
  bool,
  byte,
  bytes,
  char,
  collection,
  dataStream,
  dateOnly,
  dateTime,
  dateTimeOffset,
  decimal,
  dictionary,
  double,
  enumeration,
  flags,
  float,
  grid,
  guid,
  int16,
  int32,
  int64,
  interfaceOf,
  list,
  member,
  method,
  nothing,
  nullable,
  object,
  pair,
  ref,
  type StreamSlot,
  sbyte,
  service,
  set,
  string,
  type Type,
  type TypedContract,
  timeOnly,
  timeSpan,
  tuple,
  uint16,
  uint32,
  uint64,
  uri,
  valueTuple,
  version,
} from '@halibut-gateway/schemas/contract'

// The contracts of test/vectors/sample-contracts.md, in our words.

const text = nullable(string)

export const color = enumeration('Sample.Contracts.Color, Sample.Contracts', { Red: 0, Green: 1, Blue: 5, Negative: -3 })
const longColor = enumeration('Sample.Contracts.LongColor, Sample.Contracts', { Small: 1, Huge: 5_000_000_000 }, { underlying: 'int64' })
const byteColor = enumeration('Sample.Contracts.ByteColor, Sample.Contracts', { A: 1, Z: 255 }, { underlying: 'byte' })
export const access = flags('Sample.Contracts.Access, Sample.Contracts', { None: 0, Read: 1, Write: 2, Execute: 4, All: 7 })

/** `Box<T>`, closed for one T. */
export function box<T extends Type>(value: T) {
  return object('Sample.Contracts.Box`1, Sample.Contracts', { Value: value }, { of: [value] })
}

export interface Person {
  readonly Name: string | null
  readonly Age: number
  readonly Tags: readonly string[] | null
  readonly Parent: Person | null
  readonly Meta: Readonly<Record<string, string>> | null
}

export const person = object('Sample.Contracts.Person, Sample.Contracts', {
  Name: text,
  Age: int32,
  Tags: nullable(list(text)),
  Parent: nullable(ref<Person>('Person')),
  Meta: nullable(dictionary(string, text)),
})

export const circle = object('Sample.Contracts.Circle, Sample.Contracts', { Radius: double, Label: text })
const square = object('Sample.Contracts.Square, Sample.Contracts', { Side: double, Inscribed: nullable(circle), Label: text })
export const shape = abstractObject('Sample.Contracts.Shape, Sample.Contracts', { Label: text }, [circle, square])
const shapeHolder = object('Sample.Contracts.ShapeHolder, Sample.Contracts', {
  First: nullable(shape),
  Exact: nullable(circle),
  Shapes: nullable(list(nullable(shape))),
  Named: nullable(dictionary(string, nullable(shape))),
  Array: nullable(array(nullable(shape))),
})

const dog = object('Sample.Contracts.Dog, Sample.Contracts', { Name: text, Legs: int32 })
const cat = object('Sample.Contracts.Cat, Sample.Contracts', { Name: text, Indoor: bool })
const animal = interfaceOf('Sample.Contracts.IAnimal, Sample.Contracts', [dog, cat])
const animalHolder = object('Sample.Contracts.AnimalHolder, Sample.Contracts', {
  Pet: nullable(animal),
  Pets: nullable(collection('IList', animal)),
  ReadOnlyPets: nullable(collection('IReadOnlyList', animal)),
})

const derivedOrder = object('Sample.Contracts.DerivedOrder, Sample.Contracts', {
  DerivedField: text,
  BaseField: text,
  DerivedFirst: int32,
  Virtual: int32,
  DerivedLast: int32,
  BaseFirst: int32,
  BaseLast: int32,
})
export const baseOrder = object(
  'Sample.Contracts.BaseOrder, Sample.Contracts',
  { BaseField: text, BaseFirst: int32, Virtual: int32, BaseLast: int32 },
  { derived: [derivedOrder] },
)
const pointStruct = object('Sample.Contracts.PointStruct, Sample.Contracts', { X: int32, Y: int32 }, { kind: 'struct' })
const fieldsOnly = object('Sample.Contracts.FieldsOnly, Sample.Contracts', { A: int32, B: text, C: int32 })
const objectField = object('Sample.Contracts.ObjectField, Sample.Contracts', { Anything: anything, Second: anything })
const objectDictField = object('Sample.Contracts.ObjectDictField, Sample.Contracts', {
  Map: nullable(dictionary(string, anything)),
  Items: nullable(list(anything)),
  Array: nullable(array(anything)),
})
const readOnlyProps = object('Sample.Contracts.ReadOnlyProps, Sample.Contracts', { Name: text, Count: int32, Doubled: int32 })
const recordThing = object('Sample.Contracts.RecordThing, Sample.Contracts', { Name: text, Count: int32 })
const inner = object('Sample.Contracts.Outer+Inner, Sample.Contracts', { N: int32 })
const renamed = object('Sample.Contracts.Renamed, Sample.Contracts', {
  Early: int32,
  short: text,
  MaybeNull: member(text, { omitNull: true }),
})
const caseMembers = object('Sample.Contracts.CaseMembers, Sample.Contracts', {
  lower: text,
  UPPER: text,
  camelCase: text,
  With_Underscore: text,
})

export interface TreeNode {
  readonly Name: string | null
  readonly Child: TreeNode | null
}
const treeNode = object('Sample.Contracts.TreeNode, Sample.Contracts', { Name: text, Child: nullable(ref<TreeNode>('TreeNode')) })

export const members = object('Sample.Contracts.Members, Sample.Contracts', {
  Bool: bool,
  SByte: sbyte,
  Byte: byte,
  Short: int16,
  UShort: uint16,
  Int: int32,
  UInt: uint32,
  Long: int64,
  ULong: uint64,
  Float: float,
  Double: double,
  Decimal: decimal,
  Char: char,
  String: text,
  Guid: guid,
  DateTime: dateTime,
  DateTimeOffset: dateTimeOffset,
  TimeSpan: timeSpan,
  Bytes: nullable(bytes),
  Uri: nullable(uri),
  Version: nullable(version),
  Color: color,
  Access: access,
  NullableInt: nullable(int32),
  NullableBool: nullable(bool),
  NullableDateTime: nullable(dateTime),
  NullableColor: nullable(color),
})

const collectionMembers = object('Sample.Contracts.CollectionMembers, Sample.Contracts', {
  List: nullable(list(string)),
  Array: nullable(array(string)),
  IList: nullable(collection('IList', string)),
  ICollection: nullable(collection('ICollection', string)),
  IEnumerable: nullable(collection('IEnumerable', string)),
  IReadOnlyList: nullable(collection('IReadOnlyList', string)),
  IReadOnlyCollection: nullable(collection('IReadOnlyCollection', string)),
  HashSet: nullable(set(string)),
  ISet: nullable(collection('ISet', string)),
  Dictionary: nullable(dictionary(string, int32)),
  IDictionary: nullable(collection('IDictionary', string, int32)),
  IReadOnlyDictionary: nullable(collection('IReadOnlyDictionary', string, int32)),
  Queue: nullable(collection('Queue', string)),
  Tuple: nullable(tuple(text, int32)),
  Pair: pair(text, int32),
  Grid: nullable(grid(int32)),
  Blobs: nullable(list(nullable(bytes))),
  BlobArray: nullable(array(nullable(bytes))),
})

export interface StreamHolder {
  readonly Name: string | null
  readonly Main: StreamSlot | null
  readonly Others: readonly (StreamSlot | null)[] | null
  readonly Named: Readonly<Record<string, StreamSlot>> | null
  readonly Inner: StreamHolder | null
}
export const streamHolder = object('Sample.Contracts.StreamHolder, Sample.Contracts', {
  Name: text,
  Main: nullable(dataStream),
  Others: nullable(list(nullable(dataStream))),
  Named: nullable(dictionary(string, dataStream)),
  Inner: nullable(ref<StreamHolder>('StreamHolder')),
})

export const calculatorService = service('ICalculatorService', {
  Add: method(
    [
      ['a', int64],
      ['b', int64],
    ],
    int64,
  ),
  AddDouble: method(
    [
      ['a', double],
      ['b', double],
    ],
    double,
  ),
  AddDecimal: method(
    [
      ['a', decimal],
      ['b', decimal],
    ],
    decimal,
  ),
  AddInt: method(
    [
      ['a', int32],
      ['b', int32],
    ],
    int32,
  ),
  Overloaded: [
    method(
      [
        ['a', int64],
        ['b', int64],
      ],
      int64,
    ),
    method(
      [
        ['a', double],
        ['b', double],
      ],
      double,
    ),
    method(
      [
        ['a', decimal],
        ['b', decimal],
      ],
      decimal,
    ),
  ],
})

export const echoService = service('IEchoService', {
  SayHello: method([['name', text]], string),
  CountBytes: method([['stream', dataStream]], int32),
  CountBytesLong: method([['stream', dataStream]], int64),
  Generate: method([['length', int64]], dataStream),
  Echo: method([['stream', dataStream]], dataStream),
  Crash: method([], bool),
  CrashInner: method([], bool),
  CrashAggregate: method([], bool),
  CrashHalibut: method([], bool),
  CrashArgument: method([['a', text]], bool),
  DoNothing: method([], nothing),
  Slow: method([['ms', int64]], string),
  NullString: method([], text),
  NullList: method([], nullable(list(string))),
  Big: method([['chars', int64]], string),
  Bytes: method([['length', int64]], bytes),
  Hello: [
    method([], string),
    method([['a', text]], string),
    method(
      [
        ['a', text],
        ['b', text],
      ],
      string,
    ),
  ],
  Ambiguous: [
    method(
      [
        ['a', text],
        ['b', text],
      ],
      string,
    ),
    method(
      [
        ['a', text],
        ['b', nullable(tuple(text, text))],
      ],
      string,
    ),
  ],
  EchoHolder: method([['h', streamHolder]], streamHolder),
  EchoStreams: method([['s', list(dataStream)]], list(dataStream)),
  TwoStreams: method(
    [
      ['a', dataStream],
      ['between', text],
      ['b', dataStream],
    ],
    string,
  ),
  ShortStream: method(
    [
      ['declared', int64],
      ['actual', int64],
    ],
    dataStream,
  ),
  ThrowingStream: method([['declared', int64]], dataStream),
  DescribeDate: method([['d', dateTime]], string),
  DescribeGuid: method([['g', guid]], string),
  DescribeBytes: method([['b', nullable(bytes)]], string),
  DescribeLong: method([['v', int64]], string),
  DescribeDouble: method([['v', double]], string),
  DescribeBool: method([['v', bool]], string),
  DescribePerson: method([['p', nullable(person)]], string),
  DescribeStrings: method([['p', nullable(list(text))]], string),
  DescribeDict: method([['p', nullable(dictionary(string, text))]], string),
  DescribeSet: method([['p', nullable(set(string))]], string),
  DescribeTuple: method([['p', nullable(tuple(text, text))]], string),
  DescribeArray: method([['p', nullable(array(text))]], string),
  DescribeMembers: method([['m', nullable(members)]], string),
  DescribeTree: method([['m', nullable(treeNode)]], string),
  DescribeShape: method([['m', nullable(shape)]], string),
  DescribeBoxInt: method([['b', nullable(box(int32))]], string),
  DescribeObject: method([['f', nullable(objectField)]], string),
})

/** The rows of ITypesService: name to T. */
export const typesRows = {
  Bool: bool,
  SByte: sbyte,
  Byte: byte,
  Short: int16,
  UShort: uint16,
  Int: int32,
  UInt: uint32,
  Long: int64,
  ULong: uint64,
  Float: float,
  Double: double,
  Decimal: decimal,
  Char: char,
  String: text,
  Guid: guid,
  DateTime: dateTime,
  DateTimeOffset: dateTimeOffset,
  TimeSpan: timeSpan,
  DateOnly: dateOnly,
  TimeOnly: timeOnly,
  Bytes: nullable(bytes),
  Uri: nullable(uri),
  Version: nullable(version),
  BigInteger: bigInteger,
  Color: color,
  LongColor: longColor,
  ByteColor: byteColor,
  Access: access,
  NullableBool: nullable(bool),
  NullableInt: nullable(int32),
  NullableLong: nullable(int64),
  NullableDouble: nullable(double),
  NullableGuid: nullable(guid),
  NullableDateTime: nullable(dateTime),
  NullableTimeSpan: nullable(timeSpan),
  NullableColor: nullable(color),
  StringList: nullable(list(text)),
  IntList: nullable(list(int32)),
  LongList: nullable(list(int64)),
  DoubleList: nullable(list(double)),
  GuidList: nullable(list(guid)),
  NullableIntList: nullable(list(nullable(int32))),
  BytesList: nullable(list(nullable(bytes))),
  ListOfLists: nullable(list(nullable(list(text)))),
  StringArray: nullable(array(text)),
  IntArray: nullable(array(int32)),
  LongArray: nullable(array(int64)),
  BytesArray: nullable(array(nullable(bytes))),
  GuidArray: nullable(array(guid)),
  StringDict: nullable(dictionary(string, text)),
  IntDict: nullable(dictionary(string, int32)),
  LongDict: nullable(dictionary(string, int64)),
  GuidKeyDict: nullable(dictionary(guid, text)),
  IntKeyDict: nullable(dictionary(int32, text)),
  EnumKeyDict: nullable(dictionary(color, text)),
  NestedDict: nullable(dictionary(string, nullable(list(int32)))),
  DictList: nullable(list(nullable(dictionary(string, text)))),
  StringHashSet: nullable(set(text)),
  SortedDict: nullable(collection('SortedDictionary', string, text)),
  StringQueue: nullable(collection('Queue', text)),
  LinkedStrings: nullable(collection('LinkedList', text)),
  StringStack: nullable(collection('Stack', text)),
  TupleSI: nullable(tuple(text, int32)),
  TupleSS: nullable(tuple(text, text)),
  ValueTupleSI: valueTuple(text, int32),
  Pair: pair(text, int32),
  IListString: nullable(collection('IList', text)),
  IEnumerableString: nullable(collection('IEnumerable', text)),
  IReadOnlyListString: nullable(collection('IReadOnlyList', text)),
  ICollectionString: nullable(collection('ICollection', text)),
  ISetString: nullable(collection('ISet', text)),
  IDictString: nullable(collection('IDictionary', string, text)),
  IReadOnlyDictString: nullable(collection('IReadOnlyDictionary', string, text)),
  Person: nullable(person),
  PersonList: nullable(list(nullable(person))),
  PersonArray: nullable(array(nullable(person))),
  PersonDict: nullable(dictionary(string, nullable(person))),
  Shape: nullable(shape),
  ShapeList: nullable(list(nullable(shape))),
  ShapeHolder: nullable(shapeHolder),
  Animal: nullable(animal),
  AnimalList: nullable(list(animal)),
  IAnimalList: nullable(collection('IList', animal)),
  AnimalHolder: nullable(animalHolder),
  Ordered: nullable(derivedOrder),
  BaseOrder: nullable(baseOrder),
  PointStruct: pointStruct,
  FieldsOnly: nullable(fieldsOnly),
  ObjectField: nullable(objectField),
  ObjectDictField: nullable(objectDictField),
  ReadOnlyProps: nullable(readOnlyProps),
  RecordThing: nullable(recordThing),
  NestedClass: nullable(inner),
  Generic: nullable(box(nullable(person))),
  Members: nullable(members),
  CollectionMembers: nullable(collectionMembers),
  Renamed: nullable(renamed),
  CaseMembers: nullable(caseMembers),
  SelfTyped: nullable(treeNode),
} as const satisfies Record<string, Type>

/** ITypesService: `Echo…`, `Get…` and `Box…` of every row. TypeScript is spared its three hundred methods. */
export const typesService: TypedContract = service(
  'ITypesService',
  Object.fromEntries(
    Object.entries<Type>(typesRows).flatMap(([name, type]) => [
      [`Echo${name}`, method([['value', type]], type)],
      [`Get${name}`, method([['index', int64]], type)],
      [`Box${name}`, method([['value', box(type)]], box(type))],
    ]),
  ),
)
