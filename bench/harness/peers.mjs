// The peers from npm, for programs: a module, or null when it is not installed. Only the missing package is forgiven.
export async function importPeer(name) {
  try {
    return await import(name);
  } catch (error) {
    if (error.code === 'ERR_MODULE_NOT_FOUND' && error.message.includes(`'${name}'`)) return null;
    throw error;
  }
}
