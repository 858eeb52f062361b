/** The version of this program. Equal to the one in package.json; a test compares them. */
export const version = '0.1.0';
