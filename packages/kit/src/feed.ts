/** The port that tells all processes at once what has just changed, and its in-process adapter. */

/** News of what `key` names. `version` rises with each change of it, so that repeats and late news are known. */
export type Word = { key: string; version: number; value: unknown };

/**
 * A hint and never the truth: news may be lost, come twice or out of order. Whoever listens also looks for
 * himself from time to time.
 */
export type Feed = {
  /** Never waits and never throws. News that follow each other quickly may be told as the last of them. */
  publish: (word: Word) => void;
  /** `heard` gets every newer version that arrives, and none twice. Answers the function that ends it. */
  listen: (key: string, heard: (word: Word) => void) => () => void;
  close: () => Promise<void>;
};

/** Tells whoever listens in this process, at once. */
export function createInProcessFeed(): Feed {
  const listeners = createListeners();
  return {
    publish: (word) => listeners.deliver(word),
    listen: (key, heard) => listeners.add(key, heard),
    close: async () => listeners.clear(),
  };
}

/** Who listens in this process, and the newest version that each key has been told of. */
export type Listeners = {
  add: (key: string, heard: (word: Word) => void) => () => void;
  deliver: (word: Word) => void;
  keys: () => string[];
  clear: () => void;
};

type Channel = { heard: Set<(word: Word) => void>; newest: number };

/** `opened` and `closed` hear of the first listener of a key and of the end of the last. */
export function createListeners(
  on: { opened: (key: string) => void; closed: (key: string) => void } = {
    opened: () => {},
    closed: () => {},
  },
): Listeners {
  const channels = new Map<string, Channel>();

  function open(key: string): Channel {
    const channel: Channel = { heard: new Set(), newest: Number.NEGATIVE_INFINITY };
    channels.set(key, channel);
    on.opened(key);
    return channel;
  }

  return {
    add: (key, heard) => {
      const channel = channels.get(key) ?? open(key);
      // A function of its own for each listening: the same one may listen twice.
      const own = (word: Word): void => heard(word);
      channel.heard.add(own);
      return () => {
        if (!channel.heard.delete(own) || channel.heard.size > 0) return;
        if (channels.get(key) !== channel) return;
        channels.delete(key);
        on.closed(key);
      };
    },
    deliver: (word) => {
      const channel = channels.get(word.key);
      if (channel === undefined || word.version <= channel.newest) return;
      channel.newest = word.version;
      for (const heard of channel.heard) heard(word);
    },
    keys: () => [...channels.keys()],
    clear: () => channels.clear(),
  };
}
