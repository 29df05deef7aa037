/** The version of this platform, which all of its packages share. */
import manifest from '../package.json' with { type: 'json' };

export const platformVersion: string = manifest.version;
