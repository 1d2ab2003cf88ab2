import {
  bool,
  bytes,
  dataStream,
  dateTime,
  double,
  enumeration,
  int64,
  list,
  method,
  nullable,
  object,
  service,
  string,
  timeSpan,
} from '@halibut-gateway/schemas/contract'

/** Adds and divides: overloads for long and double. */
export const calculator = service(
  'ICalculatorService',
  {
    Add: [
      method(
        [
          ['a', int64],
          ['b', int64],
        ],
        int64,
        { idempotent: true, description: 'Adds two whole numbers of 64 bits.' },
      ),
      method(
        [
          ['a', double],
          ['b', double],
        ],
        double,
        { idempotent: true, description: 'Adds two floating-point numbers.' },
      ),
    ],
    Divide: method(
      [
        ['dividend', int64],
        ['divisor', int64],
      ],
      int64,
      {
        idempotent: true,
        description: 'Divides whole numbers. Division by zero fails at the agent.',
      },
    ),
  },
  { description: 'Calculates, with overloads for long and double' },
)

const priority = enumeration('HalibutGateway.Demo.Priority, HalibutGateway.Demo', { Low: 0, Normal: 1, High: 2 })

/** Something with a member of many a type. */
export const appointment = object('HalibutGateway.Demo.Appointment, HalibutGateway.Demo', {
  Title: string,
  At: dateTime,
  Duration: timeSpan,
  Priority: priority,
  Tags: list(string),
  Notes: nullable(string),
})

/** Gives back what it gets. */
export const echo = service(
  'IEchoService',
  {
    SayHello: method([['name', string]], string, { description: 'Greets, and says which agent it is.' }),
    EchoBytes: method([['content', bytes]], bytes, { description: 'Gives bytes back.' }),
    EchoAppointment: method([['appointment', appointment]], appointment, { description: 'Gives an object back, with all its members.' }),
  },
  { description: 'Gives back what it gets' },
)

/** A file as the file store lists it. */
export const storedFile = object('HalibutGateway.Demo.StoredFile, HalibutGateway.Demo', { Name: string, Length: int64, Modified: dateTime })

/** Keeps files: data streams up and down. */
export const fileStore = service(
  'IFileStoreService',
  {
    List: method([], list(storedFile), { idempotent: true, description: 'The files that are there.' }),
    Upload: method(
      [
        ['name', string],
        ['content', dataStream],
      ],
      storedFile,
      { description: 'Stores a file, or replaces it.' },
    ),
    Download: method([['name', string]], dataStream, { idempotent: true, description: 'The content of a file.' }),
    Delete: method([['name', string]], bool, { description: 'Removes a file; false where there was none.' }),
  },
  { description: 'Keeps files, with data streams up and down' },
)

/** Remembers a number between calls. */
export const counter = service(
  'ICounterService',
  {
    Increment: method([['by', int64]], int64, { description: 'Adds to the counter and gives its new value.' }),
    Read: method([], int64, { idempotent: true, description: 'The counter as it is.' }),
    Reset: method([], undefined, { description: 'Sets the counter to zero.' }),
  },
  { description: 'Remembers a number between calls' },
)

/** Shows what goes wrong, and what takes long. */
export const trouble = service(
  'ITroubleService',
  {
    Fail: method([['message', string]], string, { description: 'Throws an error with this message.' }),
    Slow: method([['milliseconds', int64]], string, {
      description: 'Waits, up to ten minutes, and answers how long. Stops when the caller is gone.',
    }),
  },
  { description: 'Fails on purpose, and takes its time' },
)

/** All of them. */
export const demoContracts = [calculator, echo, fileStore, counter, trouble] as const
