"""Systems of others that an issued citation needs: owner register, messages, payments."""
